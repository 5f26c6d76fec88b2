-- Plays a session without a screen, its drums and its clock into jack_midi_dump, then says so:
--     ardour7-lua ardour_play.lua FOLDER NAME SECONDS

local folder, name, seconds = arg[1], arg[2], tonumber(arg[3])
local REQUEST = ARDOUR.TransportRequestSource.TRS_UI

local function wait(time)
  ARDOUR.LuaAPI.usleep(math.floor(time * 1e6))
end

AudioEngine:set_backend("JACK", "ardour", "")
assert(AudioEngine:start(false) == 0)
local session = assert(load_session(folder, name))
ARDOUR.config():set_send_midi_clock(true)
wait(1)
for _, port in ipairs({"drums/midi_out 1", "MIDI Clock out"}) do
  assert(os.execute("jack_connect 'ardour:" .. port .. "' midi-monitor:input"))
end
session:goto_start()
wait(0.5)
session:request_roll(REQUEST)
wait(seconds)
session:request_stop(false, false, REQUEST)
wait(0.5)
print("played")
close_session()
quit()
