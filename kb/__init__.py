"""What the hotline knows: city pack, gazetteer, phonetic matching, articles, search. Knows nothing of calls."""
