"""Tests of behaviour: real audio, the real model, a real browser, a real database."""
