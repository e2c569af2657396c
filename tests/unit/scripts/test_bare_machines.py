"""uv comes to a machine by whatever way it leaves open, and reads packages from where pip would."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from recolake.settings import PROJECT_ROOT

TOOLS = ("bash", "sh", "dirname", "rm", "mkdir", "ln", "cat", "env", "grep", "chmod", "touch")
UV = 'echo "uv $* from ${UV_DEFAULT_INDEX-the default}"'
# Debian's Python: venv works once its package is installed; the venv's pip brings uv.
PYTHON = f"""
case "$*" in
  "-m venv "*)
    [ -e "$STATE/python3-venv" ] || exit 1
    mkdir -p "$3/bin" && cat >"$3/bin/python" <<'PIP' && chmod +x "$3/bin/python"
#!/bin/sh
printf '#!/bin/sh\\n%s\\n' '{UV}' >"${{0%/*}}/uv" && chmod +x "${{0%/*}}/uv"
PIP
    ;;
  "-m pip config get global.index-url") cat "$STATE/index-url" ;;
  *) exit 1 ;;
esac
"""
APT = """
touch "$STATE/apt-get"
case "$*" in *" python3-venv"*) touch "$STATE/python3-venv" ;; *) exit 100 ;; esac
"""
NETWORK_BLOCKED = 'touch "$STATE/curl"; exit 7'


class Machine:
    """A checkout's scripts, and a path on which nothing is but what is put there."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.state = folder / "bin", folder / "state"
        self.checkout = folder / "checkout"
        self.state.mkdir()
        self.bin.mkdir()
        (self.checkout / "scripts").mkdir(parents=True)
        for script in (PROJECT_ROOT / "scripts").glob("*.sh"):
            shutil.copy(script, self.checkout / "scripts")
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        self.command("id", "echo 0")
        self.command("curl", NETWORK_BLOCKED)

    def command(self, name: str, body: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def uv(self, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "STATE": str(self.state), "HOME": str(self.state)} | variables
        return subprocess.run(
            [self.bin / "bash", self.checkout / "scripts" / "uv.sh", "venv"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_machine_s_own_uv_is_used_where_there_is_one(machine: Machine) -> None:
    machine.command("uv", UV)
    assert machine.uv().stdout == "uv venv from the default\n"
    assert not (machine.checkout / ".venv-uv").exists()


def test_a_python_without_venv_gets_it_from_apt_before_any_installer_is_fetched(machine: Machine) -> None:
    machine.command("python3", PYTHON)
    machine.command("apt-get", APT)
    assert machine.uv().stdout == "uv venv from the default\n"
    assert (machine.state / "apt-get").exists()
    assert not (machine.state / "curl").exists()
    (machine.state / "apt-get").unlink()
    assert machine.uv().stdout == "uv venv from the default\n"
    assert not (machine.state / "apt-get").exists()


def test_a_machine_that_leaves_no_way_open_is_told_what_to_do(machine: Machine) -> None:
    done = machine.uv()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("Error: uv cannot be installed; install it")


def test_an_index_that_only_pip_knows_is_passed_on(machine: Machine) -> None:
    machine.command("uv", UV)
    machine.command("python3", PYTHON)
    (machine.state / "index-url").write_text("https://mirror.example/simple\n")
    assert machine.uv().stdout == "uv venv from https://mirror.example/simple\n"
    variable = {"PIP_INDEX_URL": "https://variable.example/simple"}
    assert machine.uv(**variable).stdout == "uv venv from https://variable.example/simple\n"


def test_what_is_said_to_uv_itself_wins_over_what_is_said_to_pip(machine: Machine) -> None:
    machine.command("uv", UV)
    pip = {"PIP_INDEX_URL": "https://pip.example/simple"}
    assert machine.uv(**pip, UV_DEFAULT_INDEX="https://uv.example").stdout.endswith("https://uv.example\n")
    (machine.state / ".config" / "uv").mkdir(parents=True)
    (machine.state / ".config" / "uv" / "uv.toml").write_text('[[index]]\nurl = "https://uv.example"\n')
    assert machine.uv(**pip).stdout.endswith("the default\n")
