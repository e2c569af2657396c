"""Write what the client libraries have of the live applications, or say where it differs (`--check`)."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.clients import python, typescript
from scripts.clients.documents import error_codes, live_documents
from scripts.clients.forms import operations, schemas

ROOT = Path(__file__).resolve().parents[2]
_PYTHON = Path("clients/python/src/recolake_client/generated")
_TYPESCRIPT = Path("clients/typescript/src/generated")


def generated() -> dict[Path, str]:
    """Every generated file, by its place in the repository."""
    files = {_PYTHON / "__init__.py": f"{python.MARK}\n"}
    for name, document in live_documents().items():
        types, calls = schemas(document), operations(document)
        files[_PYTHON / f"{name}.py"] = python.types_module(types)
        files[_PYTHON / f"{name}_calls.py"] = python.calls_module(calls, name)
        files[_TYPESCRIPT / f"{name}.ts"] = typescript.types_module(types)
        files[_TYPESCRIPT / f"{name}-calls.ts"] = typescript.calls_module(calls, name)
    codes = error_codes()
    files[_PYTHON / "errors.py"] = python.errors_module(codes)
    files[_TYPESCRIPT / "error-codes.ts"] = typescript.errors_module(codes)
    return files


def differing(files: dict[Path, str]) -> list[Path]:
    """Which of these are not so in the repository, and which are there and should not be."""
    there = {
        path.relative_to(ROOT)
        for folder in (_PYTHON, _TYPESCRIPT)
        for path in (ROOT / folder).glob("*.*")
        if path.is_file()
    }
    changed = [path for path, text in files.items() if path not in there or (ROOT / path).read_text() != text]
    return sorted({*changed, *(there - set(files))})


def main() -> None:
    """Write the files; with `--check` write none, and exit with 1 where one differs."""
    files = generated()
    differ = differing(files)
    if "--check" in sys.argv[1:]:
        for path in differ:
            print(f"{path} is not what the applications say.", file=sys.stderr)
        if differ:
            sys.exit("Run `make clients` and look at what changed.")
        return
    for path in differ:
        place = ROOT / path
        if path in files:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(files[path])
        else:
            place.unlink()
        print(path)


if __name__ == "__main__":
    main()
