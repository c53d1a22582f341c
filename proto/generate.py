"""Regenerates what protoc makes below `gen/`: the descriptor set and the typed Python code.

Needs no network. `--check` writes nothing and exits 1 when what is committed is stale.
"""

import argparse
import filecmp
import importlib
import importlib.resources
import shutil
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from google.rpc import error_details_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
VALIDATE = "buf/validate/validate.proto"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="compare with gen/, write nothing")
    if not arguments.parse_args().check:
        generate(ROOT / "gen")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        stale = differences(Path(folder), ROOT / "gen")
    for name in stale:
        print(f"gen/{name} is stale; run `make generate`", file=sys.stderr)
    return 1 if stale else 0


def generate(target: Path) -> None:
    for part in ("python", "descriptors"):
        shutil.rmtree(target / part, ignore_errors=True)
        (target / part).mkdir(parents=True)
    ours = sorted(
        str(path.relative_to(ROOT / "proto")) for path in (ROOT / "proto").rglob("*.proto")
    )
    with tempfile.TemporaryDirectory() as folder:
        vendored = Path(folder) / "validate.binpb"
        vendored.write_bytes(validation_rules().SerializeToString())
        search = [f"--descriptor_set_in={vendored}", f"-I{ROOT / 'proto'}", *google_folders()]
        python = target / "python"
        plugins = [
            f"--plugin={PROGRAMS / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")
        ]
        run(
            *search,
            *plugins,
            f"--python_out={python}",
            f"--grpc_python_out={python}",
            f"--mypy_out=quiet:{python}",
            f"--mypy_grpc_out=quiet:{python}",
            *ours,
        )
        run(*search, *plugins, f"--python_out={python}", f"--mypy_out=quiet:{python}", VALIDATE)
        run(
            *search,
            f"--descriptor_set_out={target / 'descriptors' / 'helpdesk.binpb'}",
            "--include_imports",
            "--include_source_info",
            *ours,
            "google/rpc/error_details.proto",  # without it the gateway drops the details of errors
        )


def run(*arguments: str) -> None:
    if protoc.main(["protoc", *arguments]) != 0:
        raise SystemExit("protoc failed; see above")


def google_folders() -> list[str]:
    """The import folders of Google's own protos: the API annotations and the well-known types."""
    annotations = Path(error_details_pb2.__file__).parents[2]
    return [f"-I{annotations}", f"-I{importlib.resources.files('grpc_tools') / '_proto'}"]


def validation_rules() -> descriptor_pb2.FileDescriptorSet:
    """The validation rules' schema with its imports, which ship as a descriptor only."""
    rules = descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    files = descriptor_pb2.FileDescriptorSet()
    for name in rules.dependency:
        importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
        descriptor_pool.Default().FindFileByName(name).CopyToProto(files.file.add())
    files.file.append(rules)
    return files


def differences(fresh: Path, committed: Path) -> list[str]:
    """Names below `gen/` that are missing, extra or unlike, in the folders that `generate` owns."""
    names = {
        path.relative_to(side)
        for side in (fresh, committed)
        for part in ("python", "descriptors")
        for path in (side / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(
        str(name)
        for name in names
        if not (fresh / name).exists()
        or not (committed / name).exists()
        or not filecmp.cmp(fresh / name, committed / name, shallow=False)
    )


if __name__ == "__main__":
    sys.exit(main())
