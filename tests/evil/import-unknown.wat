;; refused: wasi:sockets/tcp@0.2.6
(component (import "wasi:sockets/tcp@0.2.6" (instance (export "f" (func)))))
