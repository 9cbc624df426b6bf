# One line per scene file, list sorted; each prints TAP and holds several cases.
#
#   scenes += scenes/thing.py
#
scenes += scenes/access.py
scenes += scenes/access_log.py
scenes += scenes/answers.py
scenes += scenes/app_conditions.py
scenes += scenes/app_control.py
scenes += scenes/app_deaths.py
scenes += scenes/app_health.py
scenes += scenes/app_fire.py
scenes += scenes/app_hostile.py
scenes += scenes/app_kill.py
scenes += scenes/app_master.py
scenes += scenes/app_no_memory.py
scenes += scenes/app_output.py
scenes += scenes/app_recycle.py
scenes += scenes/app_roll.py
scenes += scenes/app_scale.py
scenes += scenes/app_start.py
scenes += scenes/app_sticky.py
scenes += scenes/app_wait.py
scenes += scenes/auth_basic.py
scenes += scenes/auth_request.py
scenes += scenes/balance_hash.py
scenes += scenes/balance_ranks.py
scenes += scenes/balance_servers.py
scenes += scenes/balance_workers.py
scenes += scenes/change.py
scenes += scenes/client_limits.py
scenes += scenes/command_line.py
scenes += scenes/control.py
scenes += scenes/control_fire.py
scenes += scenes/control_hostile.py
scenes += scenes/control_permissions.py
scenes += scenes/control_read.py
scenes += scenes/cors.py
scenes += scenes/droverctl.py
scenes += scenes/droverctl_top.py
scenes += scenes/droverctl_watch.py
scenes += scenes/first_states.py
scenes += scenes/full_disk.py
scenes += scenes/header_rules.py
scenes += scenes/health.py
scenes += scenes/hello.py
scenes += scenes/kill_under_load.py
scenes += scenes/large_bodies.py
scenes += scenes/limits.py
scenes += scenes/listeners.py
scenes += scenes/log_level.py
scenes += scenes/maintenance.py
scenes += scenes/manual.py
scenes += scenes/membership.py
scenes += scenes/names.py
scenes += scenes/no_descriptors.py
scenes += scenes/no_memory.py
scenes += scenes/proxy_bad_requests.py
scenes += scenes/proxy_bad_responses.py
scenes += scenes/proxy_basic.py
scenes += scenes/proxy_bodies.py
scenes += scenes/proxy_requests.py
scenes += scenes/proxy_responses.py
scenes += scenes/proxy_retry.py
scenes += scenes/proxy_timeouts.py
scenes += scenes/queue.py
scenes += scenes/real_servers.py
scenes += scenes/reload.py
scenes += scenes/request_id.py
scenes += scenes/restart_worker.py
scenes += scenes/routes.py
scenes += scenes/scale.py
scenes += scenes/server_changes.py
scenes += scenes/sessions.py
scenes += scenes/signals.py
scenes += scenes/slowloris.py
scenes += scenes/sticky.py
scenes += scenes/supervision.py
scenes += scenes/tcp.py
scenes += scenes/tunnel.py
scenes += scenes/watch.py

# What makes allocations of the program fail (scenes/no_memory.py), and what makes it late (SCENE_LATE).
if SCENES
check_DATA += tools/starve.so tools/late.so
endif
CLEANFILES += tools/starve.so tools/late.so
tools/starve.so: $(srcdir)/tools/starve.c
	$(AM_V_GEN)$(MKDIR_P) tools && $(CC) $(CPPFLAGS) -O2 -fPIC -shared -o $@ $(srcdir)/tools/starve.c
tools/late.so: $(srcdir)/tools/late.c
	$(AM_V_GEN)$(MKDIR_P) tools && $(CC) $(CPPFLAGS) -O2 -fPIC -shared -o $@ $(srcdir)/tools/late.c
EXTRA_DIST += tools/starve.c tools/late.c

# What they import.
EXTRA_DIST += tools/attack.py tools/dns.py tools/drover.py tools/fake.py tools/fire.py tools/load.py tools/manual.py tools/scene.py tools/starve.py tools/stutter.py tools/users.py tools/wire.py
EXTRA_DIST += tools/terminal.py
EXTRA_DIST += tools/apps.py tools/modules.py tools/socketio.py tools/traffic.py

# Apps for drover to run.
EXTRA_DIST += apps/README apps/plain.py apps/crash.py apps/slow.py apps/leak.py apps/tree.py apps/wsgi.py apps/asgi.py
EXTRA_DIST += apps/node-http.js apps/crash.js apps/hostile.py
EXTRA_DIST += apps/express-socketio/package.json apps/express-socketio/package-lock.json apps/express-socketio/server.js
