"""Which of a run's environment variables are recorded: those that can change a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.engine.masking import hide_password, is_secret

if TYPE_CHECKING:
    from collections.abc import Mapping


# What can change a result or its cost: devices, threads, numerics, determinism, the place in a
# distributed job, locale. Not where caches are: that changes nothing and reveals the home folder.
_KEPT = {
    "ACCELERATE_MIXED_PRECISION", "BLIS_NUM_THREADS", "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING", "CUDA_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL", "GROUP_RANK", "HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE",
    "HIP_VISIBLE_DEVICES", "HSA_OVERRIDE_GFX_VERSION", "KERAS_BACKEND", "LANG", "LD_PRELOAD",
    "LIBTPU_INIT_ARGS", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "LOKY_MAX_CPU_COUNT", "LSB_JOBID",
    "MALLOC_ARENA_MAX", "NODE_RANK", "NUMEXPR_MAX_THREADS", "NUMEXPR_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE", "NVIDIA_VISIBLE_DEVICES", "PBS_JOBID", "POLARS_MAX_THREADS",
    "OMPI_COMM_WORLD_SIZE", "PYTHONHASHSEED", "PYTHONOPTIMIZE", "RANK", "RAYON_NUM_THREADS",
    "ROCR_VISIBLE_DEVICES", "SCIPY_ARRAY_API", "SKLEARN_ASSUME_FINITE", "SLURM_ARRAY_TASK_ID",
    "SLURM_CPUS_PER_TASK", "SLURM_JOB_ID", "SLURM_JOB_NODELIST", "SLURM_JOB_PARTITION",
    "SLURM_NNODES", "SLURM_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "TOKENIZERS_PARALLELISM",
    "TRANSFORMERS_OFFLINE", "TZ", "VECLIB_MAXIMUM_THREADS", "WORLD_SIZE",
}  # fmt: skip
_KEPT_FAMILIES = (
    "CUDNN_", "GLOO_", "JAX_", "KMP_", "LC_", "MIOPEN_", "MKL_", "NCCL_", "NPY_", "NUMBA_", "OMP_",
    "OPENBLAS_", "PYTORCH_", "TF_", "TORCHINDUCTOR_", "TORCH_", "TRITON_", "XLA_",
)  # fmt: skip
_PLACES = ("_DIR", "_FILE", "_HOME", "_PATH")


def kept_variables(env: Mapping[str, str], salt: bytes) -> dict[str, str]:
    """The variables of `env` that matter to training, sorted; none that is named like a secret."""
    return {
        name: hide_password(value, salt)
        for name, value in sorted(env.items())
        if name in _KEPT or name.startswith(_KEPT_FAMILIES)
        if not name.endswith(_PLACES) and not is_secret(name)
    }
