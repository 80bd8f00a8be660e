"""What the tests are written with: the cluster, the clients, raw frames."""
