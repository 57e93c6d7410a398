"""One instrument per file: identity, readings, settings with limits, error words, manual pages."""
