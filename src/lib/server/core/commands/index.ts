import { defineRoom } from '#kernel';
import { isolates } from '#platform/isolates';
import { postgres } from '#platform/postgres';
import { createCommands } from './commands.ts';
import type { Commands } from './types.ts';

export type * from './types.ts';
export { createCommands, type CommandServices } from './commands.ts';

/** Runs the commands of modules. */
export const commands = defineRoom<Commands>({
	name: 'core/commands',
	start: (house) =>
		createCommands({ postgres: house.use(postgres), isolates: house.use(isolates), log: house.log })
});
