"""Figures for Prometheus: how long after its audio each kind of event left, and how many calls are on."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, Histogram

from assistant.events import Event

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
        self.live_calls = Gauge("seat_live_calls", "Calls that are on", registry=self.registry)
        self.waiting = Gauge("seat_recognition_waiting", "Windows waiting for the recogniser", registry=self.registry)

    def count(self, event: Event) -> bool:
        """Take note of an event (the log's followers are asked for every one)."""
        if event.latency_ms:
            self._latency.labels(event.type).observe(event.latency_ms / 1000)
        return False
