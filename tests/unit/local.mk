# One line per unit test: tests/unit/test_thing.c becomes the program
# unit/test_thing, which is linked with all of drover's libraries and Check;
# its main() ends with a function of unit/run.h.
# Keep the list sorted. (Paths are relative to tests/.)
#
#   check_PROGRAMS += unit/test_thing
#
# A test made of more than its one file says so:
#
#   unit_test_thing_SOURCES = unit/test_thing.c unit/other.c unit/other.h

EXTRA_DIST += unit/run.h

check_PROGRAMS += unit/test_address
check_PROGRAMS += unit/test_answer
check_PROGRAMS += unit/test_balance
check_PROGRAMS += unit/test_block
check_PROGRAMS += unit/test_body
check_PROGRAMS += unit/test_channel
check_PROGRAMS += unit/test_clients
check_PROGRAMS += unit/test_conf
check_PROGRAMS += unit/test_conf_app
check_PROGRAMS += unit/test_conf_auth
check_PROGRAMS += unit/test_conf_control
check_PROGRAMS += unit/test_conf_drift
check_PROGRAMS += unit/test_conf_errors
check_PROGRAMS += unit/test_conf_sample
check_PROGRAMS += unit/test_conf_rules
check_PROGRAMS += unit/test_connection
check_PROGRAMS += unit/test_control_commands
check_PROGRAMS += unit/test_control_request
check_PROGRAMS += unit/test_control_stream
check_PROGRAMS += unit/test_control_values
check_PROGRAMS += unit/test_ctl_figures
check_PROGRAMS += unit/test_ctl_human
check_PROGRAMS += unit/test_ctl_methods
check_PROGRAMS += unit/test_ctl_render
check_PROGRAMS += unit/test_cookies
check_PROGRAMS += unit/test_credentials
check_PROGRAMS += unit/test_deadline
check_PROGRAMS += unit/test_directory
check_PROGRAMS += unit/test_dispatch
check_PROGRAMS += unit/test_dns
check_PROGRAMS += unit/test_edit
check_PROGRAMS += unit/test_events
check_PROGRAMS += unit/test_expand
check_PROGRAMS += unit/test_fleet
check_PROGRAMS += unit/test_forward
check_PROGRAMS += unit/test_freelist
check_PROGRAMS += unit/test_group
check_PROGRAMS += unit/test_h1_chunked
check_PROGRAMS += unit/test_h1_meaning
check_PROGRAMS += unit/test_h1_request
check_PROGRAMS += unit/test_h1_response
check_PROGRAMS += unit/test_health
check_PROGRAMS += unit/test_histogram
check_PROGRAMS += unit/test_hops
check_PROGRAMS += unit/test_launch
unit_test_launch_SOURCES = unit/test_launch.c unit/launched.c unit/launched.h
check_PROGRAMS += unit/test_launch_failures
unit_test_launch_failures_SOURCES = unit/test_launch_failures.c unit/launched.c unit/launched.h
check_PROGRAMS += unit/test_line
check_PROGRAMS += unit/test_loop
check_PROGRAMS += unit/test_membership
check_PROGRAMS += unit/test_journal
check_PROGRAMS += unit/test_judge
check_PROGRAMS += unit/test_log
check_PROGRAMS += unit/test_log_levels
check_PROGRAMS += unit/test_names
check_PROGRAMS += unit/test_news
check_PROGRAMS += unit/test_offload
check_PROGRAMS += unit/test_output
check_PROGRAMS += unit/test_output_descriptors
check_PROGRAMS += unit/test_output_endless
check_PROGRAMS += unit/test_path
check_PROGRAMS += unit/test_place
check_PROGRAMS += unit/test_plain_path
check_PROGRAMS += unit/test_privileges
check_PROGRAMS += unit/test_proxy_protocol
check_PROGRAMS += unit/test_queries
check_PROGRAMS += unit/test_query
check_PROGRAMS += unit/test_queue
check_PROGRAMS += unit/test_queue_deaths
check_PROGRAMS += unit/test_ready
check_PROGRAMS += unit/test_relay
check_PROGRAMS += unit/test_relay_pipe
check_PROGRAMS += unit/test_replace
check_PROGRAMS += unit/test_route
check_PROGRAMS += unit/test_scoreboard
check_PROGRAMS += unit/test_servers
check_PROGRAMS += unit/test_siphash
check_PROGRAMS += unit/test_sticky
check_PROGRAMS += unit/test_stream
check_PROGRAMS += unit/test_supervise
check_PROGRAMS += unit/test_supervised
check_PROGRAMS += unit/test_tail
check_PROGRAMS += unit/test_template
check_PROGRAMS += unit/test_text
check_PROGRAMS += unit/test_users
check_PROGRAMS += unit/test_watch

h1_compare = unit/h1_compare.c unit/h1_compare.h
unit_test_h1_meaning_SOURCES = unit/test_h1_meaning.c $(h1_compare)
unit_test_h1_request_SOURCES = unit/test_h1_request.c $(h1_compare)
unit_test_h1_response_SOURCES = unit/test_h1_response.c $(h1_compare)

conf_must = unit/conf_must.c unit/conf_must.h
unit_test_conf_SOURCES = unit/test_conf.c $(conf_must)
unit_test_conf_app_SOURCES = unit/test_conf_app.c $(conf_must)
unit_test_conf_auth_SOURCES = unit/test_conf_auth.c $(conf_must)
unit_test_conf_sample_SOURCES = unit/test_conf_sample.c $(conf_must)

lone_worker = unit/lone_worker.c unit/lone_worker.h
unit_test_membership_SOURCES = unit/test_membership.c $(lone_worker)
unit_test_sticky_SOURCES = unit/test_sticky.c $(lone_worker)

waiting = unit/waiting.c unit/waiting.h
unit_test_log_levels_SOURCES = unit/test_log_levels.c $(waiting)
unit_test_news_SOURCES = unit/test_news.c $(waiting)
unit_test_output_SOURCES = unit/test_output.c $(waiting)
unit_test_ready_SOURCES = unit/test_ready.c $(waiting)
unit_test_replace_SOURCES = unit/test_replace.c $(waiting)
unit_test_servers_SOURCES = unit/test_servers.c $(waiting)

queue_board = unit/queue_board.c unit/queue_board.h
unit_test_queue_SOURCES = unit/test_queue.c $(queue_board)
unit_test_queue_deaths_SOURCES = unit/test_queue_deaths.c $(queue_board)
