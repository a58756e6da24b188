"""Plan and ONNX files to Artefacts: variants built, judged and kept only if they are right."""
