"""The sentence encoder: texts in, unit vectors out.

The model file, how it was made (`export.py`) and how it is run (`onnx.py`) live side by side.
"""
