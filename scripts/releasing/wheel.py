"""The Python wheel, with the licences of what is inside."""

import base64
import hashlib
import re
import subprocess
import zipfile
from pathlib import Path

from . import archive, licences

#: Zip has no time zones: the commit's second as UTC.
ZIP_FIRST = (1980, 1, 1, 0, 0, 0)


def build(root, made, out, found):
    """Builds it with maturin in an environment of its own, and adds the licences."""
    venv = out / "build" / "venv"
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run(["python3", "-m", "venv", str(venv)], check=True)
    pinned = re.search(r"^maturin==\S+$", (root / "python" / "requirements.txt").read_text(), re.MULTILINE)
    wanted = pinned.group(0) if pinned else "maturin>=1.16,<2"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted], check=True)
    raw = out / "build" / "wheel"
    for old in raw.glob("*.whl"):
        old.unlink()
    manifest = root / "python" / "Cargo.toml"
    words = [str(venv / "bin" / "maturin"), "build", "--locked", "--profile", made.profile, "--strip"]
    words += ["--manifest-path", str(manifest), "--out", str(raw)]
    subprocess.run(words, cwd=root / "python", env=made.environment(), check=True)
    inside = {licence.name: licence for licence in found}
    inside.update({licence.name: licence for licence in licences.collect(root, made.target, manifest)})
    everything = sorted(inside.values(), key=lambda licence: (licence.name.lower(), licence.version))
    text, paths = licences.text(everything), made.machine_paths()
    return [_with_licences(root, path, out / path.name, text, paths) for path in sorted(raw.glob("*.whl"))]


def _with_licences(root, raw, out, third_party, machine_paths):
    """The wheel again, with our licences and those of the crates, in an order and with times that do not change. The list
    of crates that maturin puts in names ours by where they lie: as the program does, by names in place of paths."""
    with zipfile.ZipFile(raw) as packed:
        held = {name: packed.read(name) for name in packed.namelist() if not name.endswith("/")}
    for name in held:
        if "/sboms/" in name:
            for path, known_as in reversed(machine_paths.items()):
                held[name] = held[name].replace(path.encode(), known_as.encode())
    info = next(name.split("/")[0] for name in held if name.endswith(".dist-info/RECORD"))
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        held[f"{info}/licenses/{name}"] = (root / name).read_bytes()
    held[f"{info}/licenses/{archive.THIRD_PARTY}"] = third_party.encode()
    record = f"{info}/RECORD"
    del held[record]
    lines = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in sorted(held.items())]
    held[record] = ("".join(lines) + f"{record},,\n").encode()
    beside = out.with_name(f"{out.name}.part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in [*sorted(set(held) - {record}), record]:
            entry = zipfile.ZipInfo(name, ZIP_FIRST)
            is_code = Path(name).suffix in (".so", ".pyd")
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = (0o755 if is_code else 0o644) << 16
            packed.writestr(entry, held[name])
    beside.replace(out)
    return out


def _digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
