/* One process with keys in a session keyring of its own. */
#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

static const struct {
	const char *kind;
	const char *type;
	const char *description;
	const char *payload;
	unsigned int timeout; /* seconds; 0: none */
} keys[] = {
	{ "user", "user", "lab:user", "nine byte", 0 },
	{ "expires", "user", "lab:expires, in weeks", "x", 3000000 },
	{ "logon", "logon", "lab:logon", "secret", 0 },
	{ "keyring", "keyring", "lab ring", "", 0 },
	{ "revoked", "user", "lab:revoked", "gone", 0 },
};

static void note(struct slot *s, const char *kind, long id)
{
	if (id < 0)
		fact_errno(s, kind);
	else
		fact_hex(s, kind, id);
}

void hold_keys(struct slot *s)
{
	long ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "lab session");

	note(s, "session", ring);
	for (size_t i = 0; i < ARRAY_SIZE(keys) && ring >= 0; i++) {
		const char *payload = keys[i].payload[0] ? keys[i].payload : NULL;
		long id = syscall(SYS_add_key, keys[i].type, keys[i].description, payload,
				  strlen(keys[i].payload), KEY_SPEC_SESSION_KEYRING);

		note(s, keys[i].kind, id);
		if (id >= 0 && keys[i].timeout)
			syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, id, keys[i].timeout);
		if (id >= 0 && !strcmp(keys[i].kind, "revoked"))
			syscall(SYS_keyctl, KEYCTL_REVOKE, id);
	}
	/* One that belongs to the process and one that is the user's. */
	note(s, "process",
	     syscall(SYS_add_key, "user", "lab:process", "p", 1, KEY_SPEC_PROCESS_KEYRING));
	note(s, "of user",
	     syscall(SYS_add_key, "user", "lab:of user", "u", 1, KEY_SPEC_USER_KEYRING));
}
