"""Sources whose samples are a file each: pictures, sounds, texts, in folders or named by a table."""
