# Writes OUTPUT, a C++ file that holds the report's style sheet and script. Run at build time:
#   cmake -DASSETS=FOLDER -DTEMPLATE=FILE -DOUTPUT=FILE -P embed_report_assets.cmake
file(READ "${ASSETS}/report.css" REPORT_CSS)
file(READ "${ASSETS}/report.js" REPORT_JS)
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
file(TOUCH "${OUTPUT}")  # configure_file leaves an equal file alone, and ninja would run this again and again
