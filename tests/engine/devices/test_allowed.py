from __future__ import annotations

import pytest

from gitexp.engine.devices.allowed import chosen, demand_enough, of_one_model, visible
from gitexp.engine.devices.amd import AMD
from gitexp.engine.devices.drivers import INTEL, NVIDIA, Device, Driver
from gitexp.engine.devices.giver import Giver
from gitexp.errors import NotReady, UsageError
from gitexp.rules.documents.settings import Settings

FOUR = [Device(f"GPU-{letter * 8}-1", place, "T4") for place, letter in enumerate("abcd")]


@pytest.mark.parametrize(
    ("driver", "given", "places"),
    [
        (NVIDIA, {}, [0, 1, 2, 3]),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": ""}, []),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "2,1"}, [2, 1]),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": " 3 , 0"}, [3, 0]),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "0,-1,1"}, [0]),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "0,9,1"}, [0]),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "1,1"}, [1]),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"}, [1]),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "GPU-"}, []),  # fits several
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, []),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "٢"}, []),
        (NVIDIA, {"CUDA_VISIBLE_DEVICES": "9" * 5000}, []),
        (NVIDIA, {"ROCR_VISIBLE_DEVICES": "0"}, [0, 1, 2, 3]),
        (AMD, {"ROCR_VISIBLE_DEVICES": "1,2,3", "HIP_VISIBLE_DEVICES": "0,2"}, [1, 3]),
        (INTEL, {"ZE_AFFINITY_MASK": "2"}, [2]),
    ],
)
def test_a_run_gets_no_device_that_its_caller_may_not_use(
    driver: Driver, given: dict[str, str], places: list[int]
) -> None:
    assert [device.index for device in visible(driver, FOUR, given)] == places


def test_devices_are_chosen_by_place_or_by_name_among_those_that_are_left() -> None:
    left = FOUR[1:]
    assert chosen(left, "3,GPU-bbbb") == (FOUR[3], FOUR[1])


@pytest.mark.parametrize("words", ["0", "7", "", "1,,2", "1,1", "GPU-b,1", "-1", "GPU-", "1;2"])
def test_what_names_no_device_is_refused_with_what_there_is(words: str) -> None:
    with pytest.raises(UsageError, match=r"1 \(T4\), 2 \(T4\)|named twice"):
        chosen(FOUR[1:], words)


def test_to_choose_devices_for_runs_that_ask_for_none_is_refused() -> None:
    settings = Settings(config=("c",), command="c", metric="m")
    assert Giver().most(settings) is None
    for ask in (Giver("0").most, Giver("0").take):
        with pytest.raises(UsageError, match=r"--gpus 0 chooses .* but the settings ask for none"):
            ask(settings)


def test_runs_that_are_compared_share_a_model() -> None:
    other = Device("GPU-eeee", 4, "H100")
    assert of_one_model([other, *FOUR]) == (tuple(FOUR), (other,))
    assert of_one_model([]) == ((), ())


@pytest.mark.parametrize(
    ("devices", "share", "there", "said"),
    [
        ([], 1.0, 0, "no driver lists a device here"),
        ([], 0.5, 4, "of 4 here you may use 0"),
        (FOUR[:1], 2.0, 4, r"of 4 here you may use 1: 0 \(T4\)"),
    ],
)
def test_more_than_there_ever_will_be_is_refused_at_once(
    devices: list[Device], share: float, there: int, said: str
) -> None:
    with pytest.raises(NotReady, match=said):
        demand_enough(devices, share, there=there)
    demand_enough(FOUR, share, there=there)
