from realtime.limits import Credits


def test_a_burst_is_free_then_credits_come_back_with_time():
    now = [0.0]
    credits = Credits(lambda: now[0], rate=10, burst=5)
    assert [credits.spend() for _ in range(6)] == [True] * 5 + [False]
    now[0] = 0.2
    assert [credits.spend() for _ in range(3)] == [True, True, False]
    now[0] = 1000
    assert not credits.spend(6) and credits.spend(5)
