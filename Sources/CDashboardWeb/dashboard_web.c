// The files of Sources/Dashboard/Web as bytes (C23 #embed), so that the binary needs no folder beside it.
// A new file needs a line in each list; a test compares them with the folder.
#include "dashboard_web.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char alerts_js[] = {
#embed "../Dashboard/Web/alerts.js"
};
static const unsigned char api_js[] = {
#embed "../Dashboard/Web/api.js"
};
static const unsigned char brokers_js[] = {
#embed "../Dashboard/Web/brokers.js"
};
static const unsigned char chart_js[] = {
#embed "../Dashboard/Web/chart.js"
};
static const unsigned char dialog_js[] = {
#embed "../Dashboard/Web/dialog.js"
};
static const unsigned char dom_js[] = {
#embed "../Dashboard/Web/dom.js"
};
static const unsigned char facts_js[] = {
#embed "../Dashboard/Web/facts.js"
};
static const unsigned char favicon_svg[] = {
#embed "../Dashboard/Web/favicon.svg"
};
static const unsigned char format_js[] = {
#embed "../Dashboard/Web/format.js"
};
static const unsigned char groups_js[] = {
#embed "../Dashboard/Web/groups.js"
};
static const unsigned char index_html[] = {
#embed "../Dashboard/Web/index.html"
};
static const unsigned char machine_js[] = {
#embed "../Dashboard/Web/machine.js"
};
static const unsigned char main_js[] = {
#embed "../Dashboard/Web/main.js"
};
static const unsigned char markers_js[] = {
#embed "../Dashboard/Web/markers.js"
};
static const unsigned char messages_js[] = {
#embed "../Dashboard/Web/messages.js"
};
static const unsigned char page_css[] = {
#embed "../Dashboard/Web/page.css"
};
static const unsigned char palette_css[] = {
#embed "../Dashboard/Web/palette.css"
};
static const unsigned char partition_layout_js[] = {
#embed "../Dashboard/Web/partition-layout.js"
};
static const unsigned char partitions_js[] = {
#embed "../Dashboard/Web/partitions.js"
};
static const unsigned char remedy_js[] = {
#embed "../Dashboard/Web/remedy.js"
};
static const unsigned char sections_css[] = {
#embed "../Dashboard/Web/sections.css"
};
static const unsigned char stream_js[] = {
#embed "../Dashboard/Web/stream.js"
};
static const unsigned char theme_js[] = {
#embed "../Dashboard/Web/theme.js"
};
static const unsigned char tiles_js[] = {
#embed "../Dashboard/Web/tiles.js"
};
static const unsigned char timeline_js[] = {
#embed "../Dashboard/Web/timeline.js"
};
static const unsigned char topics_css[] = {
#embed "../Dashboard/Web/topics.css"
};
static const unsigned char topics_js[] = {
#embed "../Dashboard/Web/topics.js"
};
static const unsigned char verdict_js[] = {
#embed "../Dashboard/Web/verdict.js"
};

static const struct dashboard_web_file files[] = {
    {"/alerts.js", "text/javascript; charset=utf-8", alerts_js, sizeof alerts_js},
    {"/api.js", "text/javascript; charset=utf-8", api_js, sizeof api_js},
    {"/brokers.js", "text/javascript; charset=utf-8", brokers_js, sizeof brokers_js},
    {"/chart.js", "text/javascript; charset=utf-8", chart_js, sizeof chart_js},
    {"/dialog.js", "text/javascript; charset=utf-8", dialog_js, sizeof dialog_js},
    {"/dom.js", "text/javascript; charset=utf-8", dom_js, sizeof dom_js},
    {"/facts.js", "text/javascript; charset=utf-8", facts_js, sizeof facts_js},
    {"/favicon.svg", "image/svg+xml", favicon_svg, sizeof favicon_svg},
    {"/format.js", "text/javascript; charset=utf-8", format_js, sizeof format_js},
    {"/groups.js", "text/javascript; charset=utf-8", groups_js, sizeof groups_js},
    {"/", "text/html; charset=utf-8", index_html, sizeof index_html},
    {"/machine.js", "text/javascript; charset=utf-8", machine_js, sizeof machine_js},
    {"/main.js", "text/javascript; charset=utf-8", main_js, sizeof main_js},
    {"/markers.js", "text/javascript; charset=utf-8", markers_js, sizeof markers_js},
    {"/messages.js", "text/javascript; charset=utf-8", messages_js, sizeof messages_js},
    {"/page.css", "text/css; charset=utf-8", page_css, sizeof page_css},
    {"/palette.css", "text/css; charset=utf-8", palette_css, sizeof palette_css},
    {"/partition-layout.js", "text/javascript; charset=utf-8", partition_layout_js, sizeof partition_layout_js},
    {"/partitions.js", "text/javascript; charset=utf-8", partitions_js, sizeof partitions_js},
    {"/remedy.js", "text/javascript; charset=utf-8", remedy_js, sizeof remedy_js},
    {"/sections.css", "text/css; charset=utf-8", sections_css, sizeof sections_css},
    {"/stream.js", "text/javascript; charset=utf-8", stream_js, sizeof stream_js},
    {"/theme.js", "text/javascript; charset=utf-8", theme_js, sizeof theme_js},
    {"/tiles.js", "text/javascript; charset=utf-8", tiles_js, sizeof tiles_js},
    {"/timeline.js", "text/javascript; charset=utf-8", timeline_js, sizeof timeline_js},
    {"/topics.css", "text/css; charset=utf-8", topics_css, sizeof topics_css},
    {"/topics.js", "text/javascript; charset=utf-8", topics_js, sizeof topics_js},
    {"/verdict.js", "text/javascript; charset=utf-8", verdict_js, sizeof verdict_js},
};

size_t dashboard_web_file_count(void) { return sizeof files / sizeof *files; }

struct dashboard_web_file dashboard_web_file(size_t index) { return files[index]; }
