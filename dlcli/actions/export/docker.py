"""A folder that Docker makes an image of, which serves a run: a Dockerfile, and the part of the run that answering needs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from dlcli import __version__
from dlcli.actions.export import check_place
from dlcli.runs import Run
from dlcli.runs.atomic import OUTPUT, committed_folder
from dlcli.runs.places import FILES, check_places
from dlcli.training.kept.trained import open_trained
from dlcli.view.docker import DockerFolder

NAME = "docker"
PORT = 8000
LEFT_OUT = frozenset({".lock", "loss.png", "loss.svg", "samples.npz", "splits.npz"})
"""What answering needs nothing of; the samples and splits tell of the data."""
FOLDERS = ("model", "plugins")
PINNED = ("keras", "tensorflow", "numpy")
"""The packages whose versions decide what a model answers."""
DOCKERFILE = """\
# Serves a run of dlcli: docker build -t {tag} {folder} && docker run -p {port}:{port} -e DLCLI_TOKEN=… {tag}
# Each request then carries the header Authorization: Bearer with the token; without one it does not start.
# With other versions than it was trained with a model may answer otherwise, or not load.
FROM python:{python}-slim
ARG DLCLI="dlcli[serve]=={version}"
RUN pip install --no-cache-dir "$DLCLI" {packages} && useradd --create-home served
COPY --chown=served run /runs/{name}
USER served
WORKDIR /home/served
EXPOSE {port}
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/health')"]
STOPSIGNAL SIGTERM
CMD ["dlcli", "serve", "{name}", "--runs", "/runs", "--host", "0.0.0.0", "--port", "{port}"{more}]
"""


def write_docker(run: Run, folder: Path, *, allow_code: bool) -> DockerFolder:
    """Writes the folder whole. Raises `ArtifactError` for a run without a model, `ConflictError` for one that holds others."""
    target = folder / NAME
    check_place(target)
    check_places(run)
    with open_trained(run, allow_code=allow_code) as trained:
        _ = trained.schema
        plugins = bool(trained.config.plugins)
        versions = trained.environment["versions"]
    tag = re.sub(r"[^a-z0-9._-]+", "-", run.name.lower()).strip("-._") or "run"
    with committed_folder(target, elsewhere=OUTPUT) as made:
        kept = made / "run"
        kept.mkdir()
        for name in sorted(FILES - LEFT_OUT):
            if "/" not in name and (run.path / name).is_file():
                shutil.copyfile(run.path / name, kept / name)
        for name in FOLDERS:
            if (run.path / name).is_dir():
                shutil.copytree(run.path / name, kept / name)
        more = ', "--allow-code"' if plugins else ""
        packages = " ".join(f'"{name}=={versions[name]}"' for name in PINNED if name in versions)
        python = ".".join(versions["python"].split(".")[:2])
        told = {"tag": tag, "folder": target, "port": PORT, "version": __version__, "name": tag, "more": more}
        text = DOCKERFILE.format(**told, packages=packages, python=python)
        (made / "Dockerfile").write_text(text, encoding="utf-8")
    build = f"docker build -t {tag} {target}"
    return DockerFolder(run.name, str(target), build, f"docker run -p {PORT}:{PORT} -e DLCLI_TOKEN=SECRET {tag}")
