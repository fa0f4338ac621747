/** Schemes by allow-list: what isn't named here is no link. */
const linkSchemes = new Set(['http:', 'https:', 'mailto:', 'tel:']);
const imageData = /^data:image\/(?:png|jpe?g|gif|webp|avif|svg\+xml|bmp|x-icon)[;,]/i;
/** Nothing in it that could hide something. */
const harmless = /^[\w./?#][\w\-./?=&%#~+:@,;!$'()*[\]]*$/;
const scheme = /^[a-z][a-z0-9+.-]*:/i;

/** The address of a link, or undefined where it may not be followed. Relative ones stay relative. */
export function safeLink(url: string): string | undefined {
	const clean = strip(url);
	if (clean === '') return undefined;
	const named = scheme.exec(clean);
	if (!named) return clean.startsWith('//') ? undefined : clean;
	return linkSchemes.has(named[0].toLowerCase()) ? clean : undefined;
}

/** The address of a picture: https, a relative path, or inline data of an image type. */
export function safeImage(url: string): string | undefined {
	const clean = strip(url);
	if (clean === '') return undefined;
	if (imageData.test(clean)) return clean;
	const named = scheme.exec(clean);
	if (!named) return clean.startsWith('//') ? undefined : clean;
	return /^https?:$/i.test(named[0]) ? clean : undefined;
}

/** Whether a link leads out of this instance. */
export function isExternal(url: string): boolean {
	return scheme.test(url);
}

/** Browsers ignore white space and control characters in a scheme: `java\nscript:`. */
function strip(url: string): string {
	if (harmless.test(url)) return url;
	return url
		.replace(/[\u0000-\u0020\u007f]+/g, (found, at: number) =>
			at === 0 || /[\t\r\n]/.test(found) ? '' : '%20'
		)
		.replace(/(%20)+$/, '');
}
