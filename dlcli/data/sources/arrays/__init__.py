"""Sources that are arrays in files: npz, npy, hdf5, tfrecord."""
