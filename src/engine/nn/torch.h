// The part of libtorch that the engine uses; also the precompiled header. Only .cpp files of src/engine and headers
// that only they include may include this (12-20 s a file without the precompiled header).
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/csrc/autograd/variable.h>
