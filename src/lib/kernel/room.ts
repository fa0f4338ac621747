import type { Logger } from './log.ts';

/**
 * A room with a running service. `boot` starts the rooms in the order of `rooms.ts` and stops them in
 * the reverse. A room reaches another's service only through `house.use`, which fails at start when
 * the other is missing, comes later, or is not allowed by the table.
 */
export interface Room<Service> {
	/** Its folder under src/lib/server, e.g. `core/cdc`. */
	readonly name: string;
	start(house: House): Promise<Service> | Service;
	/** Ends the service; must be safe after a start that half succeeded elsewhere. */
	stop?(service: Service): Promise<void>;
}

export interface House {
	readonly log: Logger;
	/** The running service of a room that started before. */
	use<Service>(room: Room<Service>): Service;
}

export function defineRoom<Service>(room: Room<Service>): Room<Service> {
	return room;
}
