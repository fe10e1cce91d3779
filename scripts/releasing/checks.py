"""Tries a release as the person does who gets it: in an empty folder, with nothing of this machine at hand."""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

from . import archive


def expect(is_so, what):
    """Ends where something does not hold."""
    if not is_so:
        raise SystemExit(f"FAILED: {what}")
    print(f"ok  {what}", flush=True)


def same_bytes(packed, again):
    """Packed twice, the bytes are the same."""
    expect(archive.sha256(packed) == archive.sha256(again), "packed twice, the archive has the same bytes")
    again.unlink()


def all_of(packed, sums, build):
    """Every check of the archive; what this machine could not check is returned."""
    subprocess.run(["sha256sum", "--check", "--quiet", sums.name], cwd=sums.parent, check=True)
    with tempfile.TemporaryDirectory(prefix="clearway-release-") as empty:
        prefix = Path(empty)
        with tarfile.open(packed) as tar:
            members = tar.getmembers()
            expect({member.mtime for member in members} == {build.commit_time}, "every file is as old as the commit")
            expect(all(member.uid == member.gid == 0 and not member.uname for member in members), "and nobody's in particular")
            tar.extractall(prefix, filter="data")
        tree = prefix / packed.name.removesuffix(".tar.gz")
        _listed(tree)
        _no_machine_paths(tree, build)
        _links(tree)
        _program(tree, prefix, build)
        return [*_completions(tree), *_man(tree)]


def _listed(tree):
    lines = (tree / archive.LISTED).read_text(encoding="utf-8").splitlines()
    told = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    there = {name: archive.sha256(path) for name, path in archive.files(tree) if name != archive.LISTED}
    expect(told == there, f"all {len(there)} files are listed with their hashes, and no others")
    wanted = ["README.md", "LICENSE-MIT", "LICENSE-APACHE", archive.THIRD_PARTY, "docs/guide/src/tour.md"]
    wanted += ["grids/hillside/project.toml", "share/man/man1/clearway.1", *archive.COMPLETIONS.values()]
    gone = [name for name in wanted if name not in there]
    expect(not gone, f"README, licences, guide, example, manual and completions are there {gone or ''}")
    plugins = list((tree / "qgis").glob("clearway-qgis-*.zip"))
    expect(len(plugins) == 1 and zipfile.ZipFile(plugins[0]).testzip() is None, "and the QGIS plugin")


def _no_machine_paths(tree, build):
    paths = [path.encode() for path in build.machine_paths()] + [f"{Path.home()}/".encode()]
    for name, path in archive.files(tree):
        held = path.read_bytes()
        found = [needle.decode() for needle in paths if needle in held]
        if found:
            raise SystemExit(f"FAILED: {name} holds paths of this machine: {found}")
    expect(True, "no file holds a path of this machine")


def _links(tree):
    dead = []
    for name, page in archive.files(tree):
        if not name.endswith(".md"):
            continue
        prose = "".join(page.read_text(encoding="utf-8").split("```")[::2])
        for link in re.findall(r"\]\(([^)#\s]+)", prose):
            if not link.startswith("http") and not (page.parent / link).exists():
                dead.append(f"{name}: {link}")
    expect(not dead, f"links of README and guide lead somewhere {dead or ''}")


def _program(tree, prefix, build):
    binary = tree / "bin" / build.binary.name
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(prefix)}

    def run(*words):
        return subprocess.run([str(binary), *words], cwd=tree, env=clean, capture_output=True, text=True, check=True).stdout

    expect(run("--version").splitlines()[0] == f"clearway {build.version}", f"the program says it is {build.version}")
    run("check", "grids/hillside/project.toml")
    words = ["run", "grids/hillside/project.toml", "--out", str(prefix / "first"), "--iterations", "200"]
    expect("plan" in run(*words), "the tour's run of the shipped example works")
    expect("verified" in run("verify", str(prefix / "first")), "and is verified")
    told = subprocess.run(["objdump", "-T", str(binary)], capture_output=True, text=True, check=False).stdout
    versions = [tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", told)]
    if versions:
        print(f"    needs glibc {'.'.join(map(str, max(versions)))} or later")


def _completions(tree):
    unchecked = []
    for shell, words in [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])]:
        script = tree / archive.COMPLETIONS[shell]
        if shutil.which(shell) is None:
            unchecked.append(f"completions for {shell}: it is not installed here")
            continue
        subprocess.run([*words, str(script)], check=True)
        expect("clearway" in script.read_text(encoding="utf-8"), f"completions for {shell} parse")
    script = tree / archive.COMPLETIONS["powershell"]
    if shutil.which("pwsh") is None:
        unchecked.append("completions for PowerShell: it is not installed here")
    else:
        parse = "$e=$null; [void][System.Management.Automation.Language.Parser]::ParseFile($args[0],[ref]$null,[ref]$e); exit $e.Count"
        subprocess.run(["pwsh", "-NoProfile", "-Command", parse, str(script)], check=True)
        expect(True, "completions for PowerShell parse")
    return unchecked


def _man(tree):
    pages = sorted((tree / "share/man/man1").glob("*.1"))
    if shutil.which("man") is None:
        return [f"{len(pages)} manual pages: there is no `man` here"]
    for page in pages:
        environment = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
        told = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True, check=True, env=environment)
        if "NAME" not in told.stdout or told.stderr.strip():
            raise SystemExit(f"FAILED: {page.name} does not render: {told.stderr.strip() or told.stdout[:200]}")
    expect(len(pages) > 10, f"{len(pages)} manual pages render without a warning")
    return []


def wheel(path, build):
    """Installs a wheel into an empty virtual environment and imports it."""
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        licences = [name for name in names if name.endswith(f"licenses/{archive.THIRD_PARTY}")]
        own = [name for name in names if "licenses/" in name and name.rsplit("/", 1)[1] in ("LICENSE-MIT", "LICENSE-APACHE")]
        expect(licences and len(own) == 2, f"{path.name} holds its licences")
        needles = [needle.encode() for needle in build.machine_paths()] + [f"{Path.home()}/".encode()]
        for name in names:
            found = [needle.decode() for needle in needles if needle in packed.read(name)]
            if found:
                raise SystemExit(f"FAILED: {path.name}: {name} holds paths of this machine: {found}")
    with tempfile.TemporaryDirectory(prefix="clearway-wheel-") as empty:
        subprocess.run(["python3", "-m", "venv", f"{empty}/venv"], check=True)
        python = f"{empty}/venv/bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(path.resolve())], check=True)
        code = "import clearway; print(clearway.__version__)"
        told = subprocess.run([python, "-c", code], cwd=empty, capture_output=True, text=True, check=True).stdout.strip()
        expect(told == build.version, f"{path.name} installs into an empty environment and says it is {build.version}")
