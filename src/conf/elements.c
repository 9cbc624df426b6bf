#include "conf/elements.h"

#include "conf/conf.h"

struct conf_elements
conf_elements_of(const struct conf_section *section, const void *parent)
{
	const struct conf *conf = parent;
	const struct conf_pool *pool = parent;

#define ELEMENTS(array, number) ((struct conf_elements){ (const char *)(array), sizeof *(array), number })
	if (section == &conf_section_control)
		return ELEMENTS(conf->controls, conf->control_count);
	if (section == &conf_section_listen)
		return ELEMENTS(conf->listeners, conf->listener_count);
	if (section == &conf_section_pool)
		return ELEMENTS(conf->pools, conf->first_app);
	if (section == &conf_section_app)
		return ELEMENTS(conf->pools + conf->first_app, conf->pool_count - conf->first_app);
	if (section == &conf_section_health || section == &conf_section_app_health)
		return ELEMENTS(&pool->health, pool->health.wanted ? 1 : 0);
	if (section == &conf_section_server)
		return ELEMENTS(pool->servers, pool->server_count);
	return ELEMENTS(conf->routes, conf->route_count);
#undef ELEMENTS
}

const char *
conf_title_of(const struct conf_section *section, const void *base)
{
	if (section == &conf_section_control)
		return ((const struct conf_control *)base)->path;
	if (section == &conf_section_listen)
		return ((const struct conf_listener *)base)->name;
	if (section == &conf_section_pool || section == &conf_section_app)
		return ((const struct conf_pool *)base)->name;
	if (section == &conf_section_server)
		return ((const struct conf_server *)base)->name;
	return NULL;
}
