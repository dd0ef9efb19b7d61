"""What fixed rules must and must not see in a message, said as people say it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.model import Complaint, Signals
from bot.conversation.signals import recognise, ticket_number


def texts(block: str) -> list[str]:
    """The texts of a block, one a line or with bars between them."""
    return [text.strip() for line in block.splitlines() for text in line.split(" | ") if text.strip()]


@pytest.mark.parametrize(
    "text",
    texts("""
    我刚接到个电话说是你们客服，让我转了八千，转完人就联系不上了
    老公被人拉进刷单群，前后转出去三万多
    完了完了，刚才点了个短信链接填了卡号密码，卡里的钱少了两千
    店门口的收款码不知道被谁贴了一张，一上午的钱都没进我账
    今天盘账才发现牌子上的二维码让人调包了
    柜台那个码扫出来的名字不是我们店
    顾客付了钱，显示收款人是个陌生名字，不是我
    账户里的五万块昨天半夜被转走了，我人在睡觉
    后台登录记录里有个外地的，不是我登的，密码还被改了
    有人登进我们商户后台把结算卡换成他自己的了
    这几笔提现不是我操作的，赶紧帮我拦住
    我把验证码念给那个自称客服的人了，怎么办
    我妈把短信验证码给了一个陌生人，卡里的钱没了
    私钥不小心提交到 github 公开仓库了
    离职的程序员手里有我们的 apikey，密钥可能已经泄露了
    信用卡被盗刷了四千多
    我被骗了
    呜呜呜被骗子骗走两万块货款
    有人冒充老板在微信上让财务打了十二万过去
    俾人呃咗五千蚊，点算
    啲錢唔見咗，快啲幫我截住
    戶口啲錢俾人轉走晒
    我的帳號被人盜用，餘額都冇晒
    有人把假的收款碼貼在我店門口，客人的錢都付給他了
    Someone hacked my account and transferred the money out
    our private key was leaked on a public repo
    I got scammed, please stop the payment
    There is an unauthorized withdrawal of 20,000 from my account
    my QR code sticker was replaced by someone
    远程控制我手机以后余额就剩几毛了
    对方让我开屏幕共享，结果账上的钱全没了
    刚把钱打过去就发现对方是骗子，能不能止付
    员工的账号被黑了，一直在往外转钱
    余额莫名其妙少了三千，不是我们操作的
    手机丢了，有人用我的支付账户在消费，快帮我冻结
    收款账户被人篡改了，钱进了别人的卡
    出纳被假冒供应商的邮件骗着付了款
    佢呃咗我啲錢，可唔可以幫我凍結
    卡里两万八没了，刚才照电话里那人说的点的
    后台多了个操作员，不是我加的
    被人扫了付款码，一下扣了三千
    有人用我的号在外面提现
    经核查上月发生未授权交易三笔，请启动紧急处置
    收银台那台电脑中了木马，后台密码存在里面
"""),
)
def test_money_being_lost_is_seen(text: str) -> None:
    assert recognise(text).funds_lost


@pytest.mark.parametrize(
    "text",
    texts("""
    退款多久能到顾客账上
    怎么防止收款码被人换掉
    这个电话是你们打的吗，是不是骗子
    有人自称你们客服让我报验证码，我没给，是不是诈骗
    顾客说多扣了一笔钱，怎么查
    结算款今天没到账
    提现失败，提示银行卡信息有误
    我想换结算卡，流程是什么
    管理员手机号怎么改
    验证码收不到
    登录密码忘了怎么办
    密钥在哪里下载
    证书快过期了怎么换
    收款码坏了想换一张新的
    台卡被雨淋湿了扫不出来
    怎么把结算账户换成公户
    客人付错钱了，多付了五十，怎么退
    手续费怎么扣的，每笔扣多少
    签名错误是不是私钥配错了
    异地登录提醒怎么开
    顾客投诉我们说没收到货
    钱还在路上吗，我昨天提现的
    怎么给员工开操作员账号
    分账的钱什么时候转给接收方
    转账限额是多少
    你们公司是骗子公司吧，客服电话打不通
    为什么要交保证金
    盗版软件能收款吗
    怎样避免密钥泄露
    扫码显示商户名不对，我们刚改了店名
    支付密码输错了几次被锁了
    how do I refund a customer
    how to keep my api key safe
    the payment notification never arrives
    批量付款有一笔收款人姓名填错了，没成功
    点解啲錢仲未到
    客人退货，钱是直接转给他还是原路退
    账户余额在哪里看
    银行卡被冻结了，结算怎么办
    余额怎么对不上
    红色通道是什么
    退款一直在转圈怎么回事
    客人点了我发的付款链接打不开
    密钥没泄露，只是忘了，想重设
    手机浏览器打开支付链接没反应
    钱一直扣着不结算，是要填发货吗
    余额快没了能提醒我吗
    钱到卡里又没了，短信说退汇
    让我把付款码念给他，要不要念
    刚有人打电话说是你们客服，让我报验证码，真的假的
    顾客的钱划走了，这单还是未付款
    卡号被加进黑名单怎么解
"""),
)
def test_an_ordinary_question_about_money_is_no_emergency(text: str) -> None:
    assert not recognise(text).funds_lost


@pytest.mark.parametrize(
    "text",
    texts("""
    不想活了 | 我真的活不下去了 | 想跳楼 | 死了算了 | 唔想做人 | 活著沒意思
"""),
)
def test_despair_is_seen(text: str) -> None:
    assert recognise(text).despair


@pytest.mark.parametrize(
    "text", texts("活动怎么报名 | 死锁报错 | 生活缴费怎么开 | 吵死了这机器 | 页面卡死了算了换一台")
)
def test_what_merely_sounds_like_despair_is_none(text: str) -> None:
    assert not recognise(text).despair


@pytest.mark.parametrize(
    "text", texts("派出所民警要求止付一笔交易 | 公安经侦来调证，要商户流水 | 法院要求协查账户 | 反诈中心来查这笔钱")
)
def test_police_at_work_is_seen(text: str) -> None:
    assert recognise(text).police


@pytest.mark.parametrize("text", texts("报警声音怎么关 | 公安局食堂怎么开收款 | 警察局缴费能接吗 | 法人怎么变更"))
def test_customers_in_uniform_are_no_police_matter(text: str) -> None:
    assert not recognise(text).police


@pytest.mark.parametrize(
    "text",
    texts("""
    有人自称你们客服打电话给我，是真的吗 | 收到短信让我点链接升级，是不是骗子 | 有个人让我报验证码
    这个号码是你们官方的吗，让我报密码 | 自稱平台技術員加我微信，可信嗎
"""),
)
def test_a_suspicious_contact_is_seen_and_nothing_is_lost_yet(text: str) -> None:
    signals = recognise(text)
    assert signals.suspicious_contact
    assert not signals.funds_lost


@pytest.mark.parametrize("text", texts("验证码收不到 | 客服电话多少 | 短信通知怎么开"))
def test_an_ordinary_contact_is_not_suspicious(text: str) -> None:
    assert not recognise(text).suspicious_contact


@pytest.mark.parametrize(
    "text",
    texts("""
    转人工 | 人工 | 找客服 | 给我转人工客服 | 我要和真人说话 | 别跟我扯机器人了 | 叫个人来 | 有没有活人啊
    帮我接一下技术支持
    能不能让你们工程师联系我 | 麻烦安排个专员跟进一下 | 打个电话给我吧 | 我想找你们大客户经理 | 搵真人
    我要搵客服 | 轉人工 | 請轉真人客服 | 有冇真人呀
    I want to talk to a human | can I speak to a real person | connect me to an agent please | human
    zhuanrengong | 转接跨境专员 | 你是机器人吧，给我换个人 | 听不懂人话，换人工！
    机器人答不了，叫你们客服来 | 找个懂技术的跟我说 | 我不要智能客服 | 让负责接口的同事加我
    揾返个人同我讲 | 这客服说不明白，换个懂的人跟我讲 | operator
"""),
)
def test_a_person_is_asked_for(text: str) -> None:
    assert recognise(text).wants_human


@pytest.mark.parametrize(
    "text",
    texts("""
    人工客服几点上班 | 客服电话是多少 | 晚上有人工吗 | 人工审核要多久 | 怎么联系客户经理 | 要交人工费吗
    转账失败了 | 进件要人工审核吗
    怎么给别的商户转账 | 客人找不到付款码 | 技术服务费怎么收 | 找不到退款按钮 | 转入余额要手续费吗 | 接口返回超时
    周末有客服值班吗 | 联系人手机号怎么改
    对接要多久 | 商户名称转让怎么办 | how do I connect to the sandbox | what is the operator account for
    我们店要换法人 | 可以转让收款码给别人用吗 | 客户经理是谁 | 怎么添加客服人员账号
    请人工复核是什么意思 | 店长让我找技术资料 | 条码是个人类的还是商户类的 | 机器滚动发布怎么切证书
    有人自称对接工程师来电 | 是要找技术支持开吗 | how do I add the legal representative ID
    礼拜天你们那边有真人吗
"""),
)
def test_a_question_about_people_asks_for_none(text: str) -> None:
    assert not recognise(text).wants_human


@pytest.mark.parametrize(
    ("text", "queue"),
    [
        ("帮我接技术支持", "tech_support"),
        ("找接口联调的工程师", "tech_support"),
        ("connect me to an engineer", "tech_support"),
        ("转跨境专员", "cross_border"),
        ("我要找大客户经理对接", "enterprise"),
        ("转投诉专员", "complaints"),
        ("找商户服务专员", "merchant_service"),
        ("转人工", None),
        ("跨境收款怎么开", None),
    ],
)
def test_the_desk_asked_for_by_name_is_heard_only_with_the_wish_for_a_person(text: str, queue: str | None) -> None:
    assert recognise(text).human_queue == queue


KINDS = {
    Complaint.SERVICE: (
        """
        我要投诉 | 投诉你们客服，态度极差 | 你们业务员骂人 | 我要投诉那个业务员，答应的费率不算数 | 客服挂我电话
        你们就是骗子公司 | 客户经理收了红包不办事 | 你们服务太差了 | 我要投訴你哋 | 你们乱扣费，必须给个说法
        正式投诉，要书面回复 | 投诉！ | 给我登记投诉 | 我要投诉他 | 服务这么差还收钱 | 举报你们员工
        """,
        """
        顾客投诉我们怎么处理 | 微信投诉单怎么回复 | 投诉率太高会怎样 | 被投诉了会冻结吗 | 消费者投诉在哪里看
        投诉处理时效是多久 | 客户投诉退款慢 | 顾客微信投诉怎么撤 | 投诉通知接口怎么接 | 投诉超时会怎样
        他要投诉，我先核实什么 | 退款慢会影响投诉吗 | 投訴多久內要回 | 换服务商了收钱的通知还往老系统跑
        投诉状态一直处理中
        """,
    ),
    Complaint.REGULATOR: (
        """
        再不解决我就打12363 | 我去央行投诉你们 | 我要向人民银行举报 | 已经打了12315 | 我要起诉你们 | 等着收律师函吧
        我要去银保监反映 | 再不处理就曝光你们 | 我會向金融監管局投訴 | 我去金管局告你们 | 找监管投诉 | 打市长热线反映
        """,
        """
        顾客打投诉电话怎么办 | 央行对收款码有什么规定 | 法院冻结了账户怎么解 | 工商注册地址要变更
        监管要求的资料是什么
        订单号 123630012315 查一下 | 执照要去工商注销了账上还有款 | 一单要分给七八十个人行不行 | 清算协会是什么
        """,
    ),
    Complaint.ESCALATE: (
        """
        叫你们领导来 | 我要找你们主管 | 请升级处理 | 让你们经理给我回话 | 这个要求上级复核 | 换个管事的来
        我要見你哋經理 | 把你们领导叫来 | 找个能做主的 | 让你们老板出来 | 叫值班经理
        """,
        """
        客户经理怎么换 | 主管账号怎么开 | 负责人身份证要正反面吗 | 法人和负责人不是同一个人可以吗 | 怎么升级商户等级
        升级接口到v3 | 换法人要老板人脸吗 | 是不是要老板扫码认证 | 要换一张新的跟老板说吗 | 升级到新版本之后拉不起来
        要申请加快复核怎么提交 | 权限要转给新的经理
        """,
    ),
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, (said, _) in KINDS.items() for text in texts(said)])
def test_each_kind_of_complaint_is_seen(kind: Complaint, text: str) -> None:
    assert recognise(text).complaint is kind


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, (_, said) in KINDS.items() for text in texts(said)])
def test_what_only_mentions_complaining_is_no_complaint(kind: Complaint, text: str) -> None:
    assert recognise(text).complaint is not kind


def test_of_several_kinds_the_regulator_counts_first_and_a_superior_last() -> None:
    assert recognise("我要投诉你们，不然就打12363").complaint is Complaint.REGULATOR
    assert recognise("我要投诉你们，叫你们主管来").complaint is Complaint.SERVICE


@pytest.mark.parametrize(
    "text",
    [
        "TK20261122-0042",
        "tk 20261122 42",
        "ＴＫ２０２６１１２２－００４２ 怎么样了",
        "tk20261122—0042",
        "我的TK20261122 - 0042呢",
    ],
)
def test_a_ticket_number_is_read_in_any_spelling(text: str) -> None:
    assert ticket_number(text) == recognise(text).ticket_number == "TK20261122-0042"


@pytest.mark.parametrize("text", ["20261122", "TK2026112-0042", "TK20261122", "工单", ""])
def test_what_is_no_ticket_number_is_read_as_none(text: str) -> None:
    assert ticket_number(text) is None


@pytest.mark.parametrize("text", ["", " ", "退款多久到账", "怎么设置分账比例？"])
def test_a_plain_question_carries_no_signal_but_that_it_is_one(text: str) -> None:
    assert recognise(text) in (Signals(), Signals(asks=True))


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    recognise(text)


@pytest.mark.parametrize(
    "piece",
    texts("""
        1 | 一 | a | 钱 | 被 | 给钱 | 转 | 接给 | 扫我的码 | 贴了着 | 客服 | 找个 | 钱全都突然 | money
        private key | 在 | someone
        要求升级到 | 投诉 | 链接 | 刷单转 | 没用 | 好 | 你好 | TK | 12363 | 三天了没人 | 卡里 | 转完
    """),
)
def test_a_hostile_text_is_read_in_no_time(piece: str) -> None:
    text = (piece * 2000)[:2000]
    started = time.perf_counter()
    recognise(text)
    assert time.perf_counter() - started < 1.0
