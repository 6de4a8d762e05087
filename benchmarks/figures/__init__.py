"""One module a group of figures, each with `measure(bench)`; `bench` is made by benchmarks/run."""
