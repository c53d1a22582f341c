"""Kills under load: is everything that was acknowledged still there, and once?"""
