"""The image and the job that look at footage elsewhere: linted, and of files that there are."""

import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
VISION = REPOSITORY / "deploy" / "vision"
BIN = Path(sys.executable).parent


@pytest.mark.parametrize("folder", ["edge", "vision"])
def test_an_image_has_no_fault_that_a_linter_knows(folder: str) -> None:
    found = subprocess.run(
        [BIN / "hadolint", "--no-color", REPOSITORY / "deploy" / folder / "Containerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_the_image_copies_files_that_there_are() -> None:
    text = (VISION / "Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE)
    assert {"edge_ingest", "resources", "sports_assets"} <= set(copied)
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []


def test_the_job_is_one_that_a_cluster_takes() -> None:
    job = yaml.safe_load((VISION / "job.yaml").read_text())
    kubernetes_validate.validate(job, "1.31", strict=True)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in job["spec"]["template"]["spec"]["volumes"]}
    job["spec"]["template"]["spec"]["containers"][0]["memory"] = "2Gi"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.31", strict=True)
