"""Sound in: sources, voice activity, utterances. Knows nothing of the other packages."""
