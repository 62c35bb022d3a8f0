;; survives
