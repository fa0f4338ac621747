import type { Handle, HandleServerError } from '@sveltejs/kit';
import { sequence } from '@sveltejs/kit/hooks';
import { AppError } from '#kernel';
import type { Services } from './lib/server/boot/services.ts';
import { renewCookie } from './routes/session.ts';

/** The house runs outside Kit's bundle (see boot/services.ts). */
function runningServices(): Services {
	const services = (globalThis as { [key: symbol]: unknown })[Symbol.for('loam.services')];
	if (!services) throw new Error('the house has not started');
	return services as Services;
}

const attachServices: Handle = async ({ event, resolve }) => {
	const loam = runningServices();
	event.locals.loam = loam;
	event.locals.principal = await loam.identity.authenticate(event.request.headers);
	const session = event.locals.principal && loam.identity.sessionOf(event.locals.principal);
	if (session?.extended) renewCookie(event.cookies, session.expiresAt);
	return resolve(event);
};

/** Monaco writes inline styles; no other page may. */
const builderStyles: Handle = async ({ event, resolve }) => {
	const response = await resolve(event);
	if (event.route.id?.startsWith('/[org]/[project]/build/[module]')) {
		const policy = response.headers.get('content-security-policy');
		if (policy)
			response.headers.set(
				'content-security-policy',
				policy.replace(/style-src [^;]*/, "style-src 'self' 'unsafe-inline'")
			);
	}
	return response;
};

export const handle = sequence(attachServices, builderStyles);

/** An expected failure is shown as it is; a bug is logged, and shown as one plain sentence. */
export const handleError: HandleServerError = ({ error, event, status, message }) => {
	if (error instanceof AppError) return { message: error.message, reason: error.reason };
	if (status < 500) return { message };
	event.locals.loam?.log.error('a screen failed', { path: event.url.pathname, error });
	return {
		message: 'Something went wrong on our side. Nothing was changed; please try again.',
		reason: 'INTERNAL'
	};
};
