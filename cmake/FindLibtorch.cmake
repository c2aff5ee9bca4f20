# Finds libtorch inside an unpacked pip wheel or libtorch zip, without asking for a CUDA toolkit.
#
# The CMake package that ships with the wheel refuses to configure when nvcc is missing, although nothing here compiles
# CUDA. This module links `torch_cpu` and `c10` only; `torch_cuda` is opened at run time by `--device cuda`.
#
# Input:  Libtorch_ROOT  folder that holds include/ and lib/ (default: the torch of .venv)
# Output: target Libtorch::Libtorch, Libtorch_VERSION, Libtorch_LIBRARY_DIR

if(NOT Libtorch_ROOT)
  file(GLOB _torch_dirs "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
  list(GET _torch_dirs 0 Libtorch_ROOT)
endif()

find_path(Libtorch_INCLUDE_DIR torch/csrc/api/include/torch/version.h
          PATHS "${Libtorch_ROOT}/include" NO_DEFAULT_PATH)
find_library(Libtorch_CPU_LIBRARY torch_cpu PATHS "${Libtorch_ROOT}/lib" NO_DEFAULT_PATH)
find_library(Libtorch_C10_LIBRARY c10 PATHS "${Libtorch_ROOT}/lib" NO_DEFAULT_PATH)

if(Libtorch_INCLUDE_DIR)
  # 2.9 moved the numbers; both places spell them as three #defines.
  set(_version_file "${Libtorch_INCLUDE_DIR}/torch/headeronly/version.h")
  if(NOT EXISTS "${_version_file}")
    set(_version_file "${Libtorch_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h")
  endif()
  foreach(_part MAJOR MINOR PATCH)
    file(STRINGS "${_version_file}" _line REGEX "#define TORCH_VERSION_${_part} ")
    string(REGEX REPLACE ".* ([0-9]+)" "\\1" _${_part} "${_line}")
  endforeach()
  set(Libtorch_VERSION "${_MAJOR}.${_MINOR}.${_PATCH}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch
  REQUIRED_VARS Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY Libtorch_INCLUDE_DIR
  VERSION_VAR Libtorch_VERSION
  REASON_FAILURE_MESSAGE "Run scripts/setup, or pass -DLibtorch_ROOT=<folder with include/ and lib/>.")

if(Libtorch_FOUND AND NOT TARGET Libtorch::Libtorch)
  get_filename_component(Libtorch_LIBRARY_DIR "${Libtorch_CPU_LIBRARY}" DIRECTORY)
  add_library(Libtorch::Libtorch INTERFACE IMPORTED)
  target_include_directories(Libtorch::Libtorch SYSTEM INTERFACE
    "${Libtorch_INCLUDE_DIR}" "${Libtorch_INCLUDE_DIR}/torch/csrc/api/include")
  target_link_libraries(Libtorch::Libtorch INTERFACE "${Libtorch_CPU_LIBRARY}" "${Libtorch_C10_LIBRARY}")
  # libtorch_cpu names libraries of the CUDA wheels; they are resolved at run time or not at all. It also exports parts of the
  # standard library, which ours must come before.
  target_link_options(Libtorch::Libtorch INTERFACE
    "LINKER:--push-state,--no-as-needed,-lstdc++,--pop-state"
    "LINKER:-rpath,${Libtorch_LIBRARY_DIR}" "LINKER:--allow-shlib-undefined")
endif()
