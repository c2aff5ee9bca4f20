// The files of src/lab/report/assets, compiled in (cmake/embed_report_assets.cmake).
#pragma once

#include <string_view>

namespace dormouse::lab {

std::string_view report_css();
std::string_view report_js();

}  // namespace dormouse::lab
