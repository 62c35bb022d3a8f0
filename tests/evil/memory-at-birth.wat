;; memory: 64
;; fails: MemoryLimit
;; says: limit of 64 MiB
(table $huge 100000000 funcref)
