import type { Json } from '#kernel';
import type { Installation, LiveRelease } from '#core/tenancy';
import type { Principal, Roles } from '#core/identity';
import type { MethodSpec } from '#engine/schema';

export interface CommandCall {
	readonly installation: Installation;
	/** The release that the call is pinned to. */
	readonly release: LiveRelease;
	readonly method: MethodSpec;
	/** Proto JSON with the field names of schema.proto, checked against the message. */
	readonly request: Json;
	/** A handler runs for a person alone: an anonymous caller is refused with SIGN_IN_NEEDED. */
	readonly principal: Principal;
	readonly roles: Roles;
	/** `where` of the access rules that let this caller in (standard methods); undefined: every row. */
	readonly rowFilter?: string | undefined;
}

export interface CommandResult {
	readonly response: Json;
	/** The transaction's 64-bit id where it wrote something. */
	readonly txid: bigint | undefined;
}

export interface Commands {
	/** Runs a handler or a standard method as one transaction. Rejects with an AppError; then nothing was changed. */
	run(call: CommandCall): Promise<CommandResult>;
}
