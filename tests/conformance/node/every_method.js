// Calls every method of the official client and prints what came of each as one JSON object:
// name → {status, data} or {status, errors} or {thrown}. The settings come as JSON on standard input.

const fs = require('fs');
const { NotifyClient } = require('notifications-node-client');

const settings = JSON.parse(fs.readFileSync(0, 'utf8'));
const { values } = settings;
const client = (key) => new NotifyClient(settings.api_url, settings.keys[key]);
const live = client('live');

const outcome = async (call) => {
  try {
    const answer = await call();
    return Buffer.isBuffer(answer) ? { status: 200, bytes: answer.length } : { status: answer.status, data: answer.data };
  } catch (error) {
    if (!error.response) return { thrown: String(error.message || error) };
    return { status: error.response.status, errors: error.response.data.errors };
  }
};

const calls = {
  sendSms: () => live.sendSms(values['template.sms'], values['recipient.sms'], {
    personalisation: { name: 'Ana' }, reference: 'node', smsSenderId: values['sms-sender.other'],
  }),
  sendSmsWithUnknownOption: () => live.sendSms(values['template.sms'], values['recipient.sms'], { colour: 'blue' }),
  sendSmsWithAllFaults: () => live.sendSms('x', '', { personalisation: 'x' }),
  sendEmail: () => live.sendEmail(values['template.email'], values['recipient.email'], {
    personalisation: { name: 'Ana-Maria' }, reference: 'node', emailReplyToId: values['reply-to.other'],
    oneClickUnsubscribeURL: 'https://example.com/out', sanitiseContentFor: ['name'],
  }),
  prepareUpload: () => live.sendEmail(values['template.email'], values['recipient.email'], {
    personalisation: { name: live.prepareUpload(Buffer.from('a,b\n'), { filename: 'a.csv' }) },
  }),
  sendLetter: () => live.sendLetter(values['template.letter'], {
    personalisation: { address_line_1: 'Ana', address_line_2: '1 Street', postcode: 'SW1 1AA' },
  }),
  sendPrecompiledLetter: () => live.sendPrecompiledLetter('node', Buffer.from('%PDF-1.4\n'), 'first'),
  getNotifications: () => client('pages').getNotifications('sms', 'delivered'),
  getNotificationsOlderThan: () => client('pages').getNotifications(
    null, null, values['pages.reference'], values['pages.newest']),
  getNotificationsWithSeveralStatuses: () => client('pages').getNotifications('sms', ['sent', 'delivered']),
  getTemplateById: () => live.getTemplateById(values['template.sms-versions']),
  getTemplateByIdAndVersion: () => live.getTemplateByIdAndVersion(values['template.sms-versions'], 1),
  getAllTemplates: () => live.getAllTemplates(),
  getAllTemplatesOfType: () => live.getAllTemplates('sms'),
  previewTemplateById: () => live.previewTemplateById(values['template.email'], { name: 'Ana' }),
  previewTemplateWithoutValues: () => live.previewTemplateById(values['template.sms-plain']),
  getReceivedTexts: () => client('inbound').getReceivedTexts(),
  getReceivedTextsOlderThan: () => client('inbound').getReceivedTexts(values['inbound.newest']),
};

(async () => {
  const outcomes = {};
  for (const [name, call] of Object.entries(calls)) outcomes[name] = await outcome(call);
  const id = outcomes.sendSms.data && outcomes.sendSms.data.id;
  outcomes.getNotificationById = await outcome(() => live.getNotificationById(id));
  outcomes.getPdfForLetterNotification = await outcome(() => live.getPdfForLetterNotification(id));
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(live)).filter((name) => name !== 'constructor');
  process.stdout.write(JSON.stringify({ methods, outcomes }));
})();
