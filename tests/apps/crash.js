// Dies of an error that nobody catches, on /crash.
const pages = require('./node-http.js');

pages['/crash'] = () => { throw new Error('the answer is 41'); };
