"""Figures for Prometheus: how long after its audio each kind of event left, and how many calls are on."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from assistant.events import Event

STAGE_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)
BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class Metrics:
    """One server's figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._latency = Histogram(
            "seat_event_latency_seconds",
            "From the arrival of the audio that caused an event to its numbering, just before it is stored",
            ["type"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._stages = Histogram(
            "seat_stage_seconds",
            "What each stage between the arrival of audio and the agent's page took",
            ["stage"],
            buckets=STAGE_BUCKETS,
            registry=self.registry,
        )
        self.refused = Counter(
            "seat_calls_refused", "Calls not taken because the machine was full", registry=self.registry
        )
        self.capacity = Gauge("seat_call_capacity", "Calls that this machine carries at once", registry=self.registry)
        self.live_calls = Gauge("seat_live_calls", "Calls that are on", registry=self.registry)
        self.waiting = Gauge("seat_recognition_waiting", "Windows waiting for the recogniser", registry=self.registry)

    def stage(self, name: str, seconds: float) -> None:
        """Take note of what one stage took."""
        self._stages.labels(name).observe(seconds)

    def count(self, event: Event) -> bool:
        """Take note of an event (the log's followers are asked for every one)."""
        if event.latency_ms:
            self._latency.labels(event.type).observe(event.latency_ms / 1000)
        return False
