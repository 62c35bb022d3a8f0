;; refused: weir:pipeline/pipeline@0.1.0
(component)
