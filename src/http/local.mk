noinst_LIBRARIES += libhttp.a
libhttp_a_SOURCES = \
	http/body.c http/body.h \
	http/cookies.c http/cookies.h \
	http/credentials.c http/credentials.h \
	http/edit.c http/edit.h \
	http/forward.c http/forward.h http/forward_internal.h \
	http/forward_request.c http/forward_response.c \
	http/fields.c http/fields.h \
	http/h1.h http/h1_internal.h \
	http/h1_chunked.c \
	http/h1_field.c \
	http/h1_names.c \
	http/h1_request.c \
	http/h1_response.c \
	http/h1_scan.c \
	http/h1_target.c \
	http/hops.c http/hops.h \
	http/plain_path.c http/plain_path.h \
	http/rewrite.c http/rewrite.h
