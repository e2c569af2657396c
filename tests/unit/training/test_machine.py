"""What may change a model's last digits is written down, and told when it is not what it was."""

from __future__ import annotations

import torch

from training.machine import differences, machine


def test_threads_processor_and_libraries_are_known() -> None:
    found = machine(torch.device("cpu"))
    assert found["threads"] == str(torch.get_num_threads())
    assert found["device"] == "cpu"
    assert found["torch"] == torch.__version__.split("+")[0]
    assert all(found.values())
    assert differences(found, machine(torch.device("cpu"))) == ()


def test_another_thread_count_is_said() -> None:
    found = machine(torch.device("cpu"))
    said = differences({**found, "threads": "64", "gone": "x"}, found)
    assert said == ("gone was x, is not there", f"threads was 64, is {found['threads']}")


def test_a_manifest_from_before_machines_were_recorded_is_told_so() -> None:
    assert len(differences({}, {"threads": "2"})) == 1
