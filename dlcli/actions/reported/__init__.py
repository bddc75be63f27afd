"""What a report measures beyond an evaluation: rankings, probabilities, residuals, samples and layers as pictures."""
