// What the Bolt app of both modes does. Each listener says so in the channel, so that the state of the workspace shows it.
export function listen(app) {
  app.message('ping', async ({ message, say }) => { await say({ text: `pong <@${message.user}>`, thread_ts: message.ts }); });
  app.event('app_mention', async ({ event, say }) => { await say(`mentioned by ${event.user}`); });
  app.event('reaction_added', async ({ event, client }) => {
    await client.chat.postMessage({ channel: event.item.channel, text: `reaction ${event.reaction}` });
  });
  app.message('button', async ({ say }) => {
    await say({
      text: 'press',
      blocks: [{
        type: 'actions',
        block_id: 'row',
        elements: [
          { type: 'button', action_id: 'go', value: 'v1', text: { type: 'plain_text', text: 'Go' } },
          { type: 'button', action_id: 'ask', text: { type: 'plain_text', text: 'Ask' } },
        ],
      }],
    });
  });
  app.action('go', async ({ ack, action, body, client, respond }) => {
    await ack();
    await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: `pressed ${action.value}`, blocks: body.message.blocks });
    await respond({ text: 'only for you' });
  });
  app.action('ask', async ({ ack, body, client }) => {
    await ack();
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: 'modal',
        callback_id: 'form',
        private_metadata: body.channel.id,
        title: { type: 'plain_text', text: 'Form' },
        submit: { type: 'plain_text', text: 'Send' },
        blocks: [{ type: 'input', block_id: 'name', label: { type: 'plain_text', text: 'Name' }, element: { type: 'plain_text_input', action_id: 'value' } }],
      },
    });
  });
  app.view('form', async ({ ack, view, client }) => {
    const { value } = view.state.values.name.value;
    if (value.length < 3) {
      await ack({ response_action: 'errors', errors: { name: 'too short' } });
      return;
    }
    await ack();
    await client.chat.postMessage({ channel: view.private_metadata, text: `form ${value}` });
  });
  app.command('/echo', async ({ ack, command }) => { await ack(`echo ${command.text}`); });
  app.error(async (error) => {
    console.error(error);
    process.exit(1);
  });
}
