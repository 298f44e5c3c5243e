"""Hand-written files become nouns and Problems: every fault with place, cause and mend."""
