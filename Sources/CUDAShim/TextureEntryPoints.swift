import CCUDARuntime
import Emulator

// Texture and surface objects: descriptors that kernels find by their handle.
