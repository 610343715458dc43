"""What every engine keeps: the scheduler uses each of them alike."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from lab.engines.protocol import Endpoint, Engine, Sampling
from lab.errors import VariantError
from lab.records.observations import Sample
from lab.records.variant import Variant
from support.polling import wait_until


@dataclass
class EngineCase:
    """An engine with one variant that it can run and one that it cannot."""

    engine: Engine
    variant: Variant
    stranger: Variant
    kill_server: Callable[[], None]
    """From outside, as the kernel would."""
    log_line: str
    """In the server's log soon after its start."""
    silence_seconds: float = 1.5
    """Longer than the interval of its readings: none in so long means that none comes."""
    readings: list[Sample | None] = field(default_factory=list)

    def started(self) -> Endpoint:
        endpoint = self.engine.start(self.variant)
        assert wait_until(lambda: self.log_line in "\n".join(self.log())), self.log()
        return endpoint

    def sampling(self) -> Sampling:
        """Its readings, from now on."""
        found = self.engine.sample(self.variant, self.readings.append)
        found.resume()
        return found

    def log(self) -> tuple[str, ...]:
        return self.engine.log_tail(self.variant, 50)

    def samples(self) -> list[Sample]:
        return [reading for reading in self.readings if reading is not None]


class EngineContract:
    """The tests; each engine has a class of its own with its `case`."""

    @pytest.fixture
    def case(self) -> EngineCase:
        raise NotImplementedError

    def test_it_says_who_it_is(self, case: EngineCase) -> None:
        info = case.engine.info()
        assert info.kind
        assert info.version
        assert all(note.endswith(".") for note in info.notes)

    def test_what_was_started_runs_and_has_an_endpoint(self, case: EngineCase) -> None:
        endpoint = case.started()
        assert endpoint.host
        assert 0 < endpoint.port < 65536
        assert 0 < endpoint.probe_port < 65536
        assert endpoint.container["image"]
        assert case.engine.state(case.variant).running

    def test_readings_come_by_themselves_and_their_times_rise(self, case: EngineCase) -> None:
        case.started()
        sampling = case.sampling()
        assert wait_until(lambda: len(case.samples()) >= 3)
        sampling.stop()
        samples = case.samples()
        times = [sample.read_at_seconds for sample in samples]
        assert times == sorted(set(times))
        assert abs(times[-1] - time.time()) < 60
        for sample in samples:
            assert 0 < sample.memory_bytes <= sample.usage_bytes
            assert sample.limit_bytes == case.variant.memory_limit_bytes
            assert sample.pids is None or sample.pids > 0
            assert sample.cpu_seconds >= 0
            assert sample.source

    def test_no_readings_come_before_they_are_taken_up(self, case: EngineCase) -> None:
        case.started()
        sampling = case.engine.sample(case.variant, case.readings.append)
        assert not wait_until(lambda: bool(case.readings), case.silence_seconds)
        sampling.resume()
        assert wait_until(lambda: bool(case.samples()))
        sampling.stop()

    def test_after_the_sampling_is_stopped_no_reading_comes(self, case: EngineCase) -> None:
        case.started()
        sampling = case.sampling()
        assert wait_until(lambda: bool(case.samples()))
        sampling.stop()
        time.sleep(0.2)  # one that is being taken may arrive
        count = len(case.readings)
        assert not wait_until(lambda: len(case.readings) > count, case.silence_seconds)

    def test_a_paused_sampling_brings_no_readings_until_it_goes_on(self, case: EngineCase) -> None:
        case.started()
        sampling = case.sampling()
        assert wait_until(lambda: bool(case.samples()))
        sampling.pause()
        time.sleep(0.2)  # one that is being taken may arrive
        count = len(case.readings)
        assert not wait_until(lambda: len(case.readings) > count, case.silence_seconds)
        sampling.resume()
        assert wait_until(lambda: len(case.readings) >= count + 2)
        sampling.stop()

    def test_a_server_that_dies_has_no_memory_and_a_reason(self, case: EngineCase) -> None:
        case.started()
        sampling = case.sampling()
        assert wait_until(lambda: bool(case.samples()))
        case.kill_server()
        assert wait_until(lambda: not case.engine.state(case.variant).running)
        assert case.engine.state(case.variant).reason
        assert wait_until(lambda: case.readings[-1] is None)
        sampling.stop()

    def test_what_was_stopped_does_not_run(self, case: EngineCase) -> None:
        case.started()
        case.engine.stop(case.variant)
        assert not case.engine.state(case.variant).running

    def test_a_second_trial_is_a_fresh_one(self, case: EngineCase) -> None:
        if not case.engine.can_restart():
            pytest.skip("this engine says that it cannot")
        case.started()
        case.engine.stop(case.variant)
        case.started()
        assert case.engine.state(case.variant).running

    def test_nothing_starts_twice_at_once(self, case: EngineCase) -> None:
        case.started()
        with pytest.raises(VariantError, match=r"still runs?"):
            case.engine.start(case.variant)
        assert case.engine.state(case.variant).running

    def test_stopping_twice_is_no_error(self, case: EngineCase) -> None:
        case.started()
        case.engine.stop(case.variant)
        case.engine.stop(case.variant)

    def test_the_log_is_told_from_its_end(self, case: EngineCase) -> None:
        case.started()
        engine, variant = case.engine, case.variant
        # A server may add a line between the two.
        assert wait_until(lambda: engine.log_tail(variant, 1) == case.log()[-1:])
        assert len(engine.log_tail(variant, 1)) == 1

    def test_of_a_stranger_it_knows_nothing(self, case: EngineCase) -> None:
        with pytest.raises(VariantError):
            case.engine.start(case.stranger)
        with pytest.raises(VariantError):
            case.engine.state(case.stranger)
        assert case.engine.log_tail(case.stranger) == ()
