"""What is done to inputs before the model sees them, learnt from the training split alone; and augmentation."""
