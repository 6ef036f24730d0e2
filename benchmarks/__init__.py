"""deepsched beside onnxruntime and OpenVINO, as ratios inside one run on this machine: ``python -m benchmarks``."""
