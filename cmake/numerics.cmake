# One rule for every compiler and core: no contraction, no -ffast-math. Host and Cortex-M7 must agree bit for bit
# (docs/numerics.md), and a*b+c fused on one side only would break that.
add_compile_options(-ffp-contract=off)
